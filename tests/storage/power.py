"""What the storage's tests use of the simulator's power cuts."""

from sim.cuts.power import HOW, Cut, CutPartition, content, operations, start, survive

__all__ = ["HOW", "Cut", "CutPartition", "content", "operations", "start", "survive"]
