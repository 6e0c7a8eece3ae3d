"""Sending again what did not arrive: one delivery at once, many as a plan and a job."""
