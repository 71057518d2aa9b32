"""Labels: functions that vote, models that weigh the votes, people who have the last word."""
