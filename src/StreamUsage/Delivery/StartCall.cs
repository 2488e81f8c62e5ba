using StreamUsage.Diagnostics;

namespace StreamUsage.Delivery;

/// <summary>Tells a sink that a response has begun. The response's record waits for it.</summary>
internal sealed class StartCall(Destination destination, UsageStart start, UsageReporter reporter, StartCall?[] pending, int index) : GuardedCall(destination.Threads)
{
    public Destination Destination => destination;

    /// <summary>The sink knows, or has failed to: a fault has been reported.</summary>
    public async ValueTask WaitAsync()
    {
        if (await Ended.ConfigureAwait(false) is { } fault)
        {
            await reporter.StartFailedAsync(start.Id, destination.Name, fault).ConfigureAwait(false);
        }
    }

    protected override ValueTask InvokeAsync(CancellationToken cancellationToken) => destination.Sink.StartedAsync(start, cancellationToken);

    protected override void OnEnded(Exception? fault)
    {
        if (fault is null)
        {
            pending[index] = null;
        }
    }
}
