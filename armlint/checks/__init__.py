"""Checks that a rule's page cannot say as data: plain functions of one subject, by theme."""
