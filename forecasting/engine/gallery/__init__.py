"""Methods that are fitted to one series at a time, by well-known libraries.

Too dear for a whole shop every night; they are what the batched ones are tested against, and what
benchmarks compare with.
"""
