"""From two sides and a policy to a verdict.

``judge.py`` decides a release with the statistics in ``stats.py``. ``document.py`` is the verdict
as JSON; ``noise.py``, ``lint.py`` and ``power.py`` help to choose margins. Start at ``judge.py``.
"""
