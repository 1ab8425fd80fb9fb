"""Latent hazards: reads that went well by luck, which another order of queries, another row or production's session would have failed.

Only tests and trials pay for this: it looks at every read.
"""
