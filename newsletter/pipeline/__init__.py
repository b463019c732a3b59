"""The pipeline, in order. The only package that joins sources, store, ranking, rendering and sending:

bounces:  mailboxes → bounces, complaints, email commands → store
pull:     sources → store
taste:    feedback → taste models
plan:     store → ranking → digests, or the reason why there is none
deliver:  digests → rendering → sending → ledger
notices:  confirmations → rendering → sending
"""
