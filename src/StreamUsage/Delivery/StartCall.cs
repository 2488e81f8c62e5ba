using StreamUsage.Diagnostics;

namespace StreamUsage.Delivery;

/// <summary>Tells a sink that a response has begun. The response's record waits for it.</summary>
internal sealed class StartCall(Destination destination, UsageStart start, UsageReporter reporter, StartCall? next) : GuardedCall
{
    private StartCall? Next => next;

    private Destination Destination => destination;

    /// <summary>The one of several calls for the same response that goes to a sink; null where there is none.</summary>
    public static StartCall? Find(StartCall? calls, Destination destination)
    {
        while (calls is not null && !ReferenceEquals(calls.Destination, destination))
        {
            calls = calls.Next;
        }

        return calls;
    }

    /// <summary>The sink knows, or has failed to: a fault has been reported.</summary>
    public async ValueTask WaitAsync()
    {
        if (await Ended.ConfigureAwait(false) is { } fault)
        {
            await reporter.StartFailedAsync(start.Id, destination.Name, fault).ConfigureAwait(false);
        }
    }

    protected override ValueTask InvokeAsync(CancellationToken cancellationToken) => destination.Sink.StartedAsync(start, cancellationToken);
}
