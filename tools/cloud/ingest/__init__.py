"""The cloud's end of the wire: what controllers send is verified and kept, what they should know is sent."""
