"""The rollout log: what is written while a policy drives, how it is read back, and what makes two drives equal."""
