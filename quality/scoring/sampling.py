"""How many frames LPIPS takes, quick to import for the commands that offer it as an option."""

# LPIPS takes one frame in so many: the LPIPS of neighbouring frames is nearly the same. The gate
# takes more (gate/evidence/fingerprint.py); a score says how it was sampled.
LPIPS_EVERY = 8
