"""Statistics that stay honest on a noisy machine: pure functions of figures, deterministic given a seed.

Nothing here touches a machine, a clock or a file. Import the module that holds the question:

======================  ==========================================================================
``sample``              a run's figures: checked, summarised, their oddities named
``interval``            intervals for a median, a quantile, any statistic, a series with memory
``signflip``            the exact test behind paired comparison
``compare``             is B different from A, by how much, and what could have been seen
``sequential``          the same with a look after every pair, and a stop
``changepoint``         steps in a history, warm-up in a run
``variance``            which layer the noise comes from, where the next run helps most
``saturation``          throughput against parallelism: model, knee, recommended level
``threshold``           the limit under which a run passes with a given probability
``noise``               names for what disturbed a run
======================  ==========================================================================
"""
