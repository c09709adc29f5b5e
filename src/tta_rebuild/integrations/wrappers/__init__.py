"""What can be put around a model; ``bootstrap`` stacks it.

Outermost first, with the reason for each place::

    traced            the logical call: one span, whatever happens inside
    routed            a model per task, each with the rest of the stack
    cached            what was answered before is free, so nothing below is asked
    accounted         all attempts of the call are one account
    fallback          the next model, where one cannot
      rephrasing      a refused scene once more, more gently, before another model takes over;
                      a prompt that fits the model's window; what was left out is said
      budgeted        holds the worst case before the queue; a refusal here can fall to a model
                      that costs nothing
      retrying        every try is an attempt of its own …
      circuit         … which the circuit counts, so that a dead model is hit five times and not
                      five times the number of tries, and a probe is one request
      paced           every attempt counts against the quota
      costed          every attempt is paid for: a row of its own in the ledger
      traced          every attempt is seen: a span of its own
      redacting       no key of ours comes back in its words
      adapter
"""
