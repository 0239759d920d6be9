"""The attacks of `make redteam`; `redteam.py` beside this directory runs them."""
