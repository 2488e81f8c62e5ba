using StreamUsage.Diagnostics;

namespace StreamUsage.Delivery;

/// <summary>The calls that tell the sinks of one response's beginning. Each is let go once its sink knows, so that a long response does not hold it.</summary>
internal readonly struct StartNotifications
{
    private readonly StartCall?[]? _calls;

    /// <summary>Prepares the calls; none is made yet.</summary>
    public StartNotifications(Destination[] destinations, UsageStart start, UsageReporter reporter)
    {
        _calls = new StartCall?[destinations.Length];
        for (int i = 0; i < _calls.Length; i++)
        {
            if (destinations[i].Shape.TakesStarts)
            {
                _calls[i] = new StartCall(destinations[i], start, reporter, _calls, i);
            }
        }
    }

    public void Start(Watchdog watchdog)
    {
        foreach (StartCall? call in _calls ?? [])
        {
            call?.Start(watchdog);
        }
    }

    /// <summary>The call to a sink; null where there is none to wait for.</summary>
    public StartCall? Find(Destination destination)
    {
        foreach (StartCall? call in _calls ?? [])
        {
            if (ReferenceEquals(call?.Destination, destination))
            {
                return call;
            }
        }

        return null;
    }
}
