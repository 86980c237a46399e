"""Where a run's wall time went, on its critical path, and what would change it.

Call these:

``attribute(capture, t_start_ns=None, t_end_ns=None, process=None) -> Attribution``
    the path of an open capture (``open_capture``) through a window, the whole run where none is given; ``process`` is a pid or a
    program's name. ``Attribution.segments`` cover the window without holes, each with ``t_start_ns``, ``t_end_ns``, ``state`` (a
    name of ``states.STATES``), ``detail``, ``pid``, ``tid``, ``goroutine`` and ``stack`` (functions, leaf first);
    ``Attribution.states()`` adds them up.
``answer(capture, ...) -> Answer``
    the attribution with the causes that follow from it, ranked.
``why(path, ...) -> Answer``
    the same of a capture on disk: what ``godyno why`` prints.

================  ==============================================================================
module            holds
================  ==============================================================================
``states``        the closed list of states
``symbols``       what the functions of a stack tell: which state, whose function, which call
``lanes``         what each thread and goroutine did, as intervals
``stacks``        the samples and stacks that the path asks for
``pieces``        what the path is made of
``path``          the walk backward
``sleeps``        what a thread's sleep on it was, and who ended it
``programs``      drivers, and the two sides of a wait between processes
``surroundings``  who had the CPUs meanwhile
``disks``         who or what kept a disk from answering
``crowd``         own threads that want CPUs, more or fewer of them
``places``        addresses and files beside waits for them
``turns``         workers of a kind: a relay, a pipeline, or something held in turn
``ticks``         sleeps that are a clock's
``feeds``         waits for what others send of themselves
``servers``       who answers where a program asks itself
``requests``      the path of a service's requests
``looks``         what a look from outside says that a program waits for
``busy``          whether any of several threads was at work
``parts``         parts of pieces, and the looks that each learns from
``seen``          pieces of the path that looks tell more of
``sightings``     what looks saw of each process, one after the other
``glimpses``      the path where looks are all there is (``--level light``)
``averages``      who had the CPUs meanwhile, there
``by_looks``      the answer of such a capture
``overlays``      stops of the world, assists and sweeps
``refine``        pieces of the path to segments with one state each
``c_calls``       time in C: in which function of it, and who called
``attribution``   segments and their sums
``causes``        what follows, ranked by what mending it would save
``kinds``         their kinds, and in which words each is told
``telling``       the words of their claims
``callers``       from where in the user's module a library was called
``others``        what other analyses rank beside them
``missing``       what was not recorded and would have told more
``hidden_tests``  tests that go does not tell of
``titles``        whose path it is
``ending``        how the run ended, where that was not well
``answer``        all of it in turn
``analysis``      the same as findings, for ``show`` and reports
================  ==============================================================================
"""

from __future__ import annotations

from godyno.diagnose.why.analysis import Why, told_of
from godyno.diagnose.why.answer import Answer, answer, attribute, why
from godyno.diagnose.why.attribution import Attribution, Segment

__all__ = ["Answer", "Attribution", "Segment", "Why", "answer", "attribute", "told_of", "why"]
