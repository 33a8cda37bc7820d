import sys
import reenact; print(reenact.status()["hook_errors"], reenact.status()["hooks"])
m=sys.modules["ddtrace.debugging._exception.replay"]
print(m.SpanExceptionHandler._instance, m.SpanExceptionHandler.on_span_exception, m)
import ddtrace
print([k for k in sys.modules if "_exception" in k])
