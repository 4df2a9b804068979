"""Runs as MCAP files of standard ROS 2 messages, which other tools open as well."""
