"""Visits: what only all requests of a visitor together tell, whatever file, part or run they came in.

A visitor is an address, a user agent and a login. Two things follow from a visitor's requests in order of time: the
**session** each belongs to, and whether the visitor behaves like a **machine**. Both are worked out one hash bucket
of visitors at a time, over the batch and what is committed of the batch's days, so that one batch and ten end alike:

    reconstruct(bucket)  visit keys of all parts and committed rows → sessions and machines, and what they change
    restate(file)        a committed file whose rows change → the file that takes its place

A session is named by the event that begins it: `session_id` is that event's id.
"""
