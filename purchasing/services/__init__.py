"""What can be done with orders. Each function works in the current shop and the caller's transaction."""

from purchasing.services.proposals import ProposedLine, propose

__all__ = ["ProposedLine", "propose"]
