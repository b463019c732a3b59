"""The street, in order. The only code that joins the workshops:

pull:     sources → store
plan:     store → ranking → digests, or why there is none
deliver:  digests → rendering → sending → ledger
"""
