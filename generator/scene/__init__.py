"""Scene: a prompt and a seed become a scene, and a scene becomes true pixels at any time.

Start at ``scene.py`` (``scene_of``), then ``render.py``.
"""
