def run(session): raise NotImplementedError
