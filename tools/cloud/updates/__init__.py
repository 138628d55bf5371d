"""Firmware on its way: releases and rollouts."""
