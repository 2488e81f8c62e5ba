namespace StreamUsage.Recording;

/// <summary>Represents the open bodies of a tracker, for the shutdown and the journal. It holds bodies, never their
/// wrappers. A linked list through the bodies: adding one allocates nothing.</summary>
internal sealed class OpenBodies
{
    private readonly object _gate = new();
    private TrackedBody? _first;
    private TaskCompletionSource? _whenNone;

    public void Add(TrackedBody body)
    {
        lock (_gate)
        {
            body.NextOpen = _first;
            if (_first is not null)
            {
                _first.PreviousOpen = body;
            }

            _first = body;
        }
    }

    public void Remove(TrackedBody body)
    {
        TaskCompletionSource? whenNone = null;
        lock (_gate)
        {
            if (body.PreviousOpen is { } previous)
            {
                previous.NextOpen = body.NextOpen;
            }
            else if (ReferenceEquals(_first, body))
            {
                _first = body.NextOpen;
            }

            if (body.NextOpen is { } next)
            {
                next.PreviousOpen = body.PreviousOpen;
            }

            body.PreviousOpen = body.NextOpen = null;
            if (_first is null)
            {
                (whenNone, _whenNone) = (_whenNone, null);
            }
        }

        whenNone?.TrySetResult();
    }

    public bool IsEmpty
    {
        get
        {
            lock (_gate)
            {
                return _first is null;
            }
        }
    }

    public IReadOnlyList<TrackedBody> ToList()
    {
        var bodies = new List<TrackedBody>();
        lock (_gate)
        {
            for (TrackedBody? body = _first; body is not null; body = body.NextOpen)
            {
                bodies.Add(body);
            }
        }

        return bodies;
    }

    /// <summary>Returns a task that completes when no body is open.</summary>
    public Task WhenNone()
    {
        lock (_gate)
        {
            return _first is null ? Task.CompletedTask : (_whenNone ??= new(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        }
    }
}
