"""The street, in order. The only code that joins the workshops:

pull:     sources → store
compose:  store → ranking → digests
deliver:  digests → rendering → sending → ledger
"""
