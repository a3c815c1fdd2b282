"""Patrol plans (巡逻勤务方案): drawn, changed by hand, approved by another, secret until worked."""
