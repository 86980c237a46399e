"""The survey: is this machine enough for Go, and for this module? (``godyno survey``)

``records`` is what it gives, ``session`` how it works through its steps, ``activities`` what is measured, ``memory`` the
limits, ``verdicts``, ``advice`` and ``claims`` what follows from it, ``document`` how it is shown.
"""

from godyno.studies.survey.records import Survey

__all__ = ["Survey"]
