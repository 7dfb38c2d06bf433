"""Video: frames become H.264 in fragmented MP4. Start at ``encoder.py``."""
