"""For every value of the chart: where it has its effect, and what is expected there."""
