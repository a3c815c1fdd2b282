"""Tests of listed supervision."""
