"""Drawing, video, reports and viewers: they only observe the agent."""
