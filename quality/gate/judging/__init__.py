"""From two sides and a policy to a verdict.

``judge.py`` decides a release, ``canary.py`` a canary on live scores; both use the statistics in
``stats.py`` and ``sequential.py``. ``document.py`` is the verdict as JSON; ``noise.py``,
``lint.py`` and ``power.py`` help to choose margins. Start at ``judge.py``.
"""
