using StreamUsage.Recording;

namespace StreamUsage.PassThrough;

/// <summary>Reads bodies on in the background after their readers have left, within limits, to get the final
/// usage.</summary>
internal sealed class BodyDrainer(DrainLimits limits, TimeProvider time) : IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private int _running;

    /// <summary>Begins to drain a body. If it returns true, the drainer ends the body.</summary>
    public bool TryTake(TrackedBody body, IDrainable rest)
    {
        if (_stop.IsCancellationRequested || Interlocked.Increment(ref _running) > limits.MaxConcurrent)
        {
            Interlocked.Decrement(ref _running);
            return false;
        }

        if (!rest.TryDetach(body.TryBeginDrain))
        {
            Interlocked.Decrement(ref _running);
            return false;
        }

        ThreadPool.UnsafeQueueUserWorkItem(
            static state => _ = state.Drainer.DrainAsync(state.Body, state.Source),
            (Drainer: this, Body: body, Source: rest),
            preferLocal: false);
        return true;
    }

    /// <summary>Stops draining. The records are built from what was read.</summary>
    public void Dispose() => _stop.Cancel();

    private async Task DrainAsync(TrackedBody body, IDrainable rest)
    {
        long? end = null;
        try
        {
            using var timeout = new CancellationTokenSource(limits.MaxTime, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, _stop.Token);
            end = await rest.DrainAsync(limits.MaxBytes, either.Token).ConfigureAwait(false);
        }
        catch (Exception)
        {
            // No reader is left to inform: the record covers what was read, and is not marked as drained.
        }

        body.EndDrain(end);
        try
        {
            await rest.CloseAsync().ConfigureAwait(false);
        }
        catch (Exception)
        {
            // The body is released either way.
        }

        Interlocked.Decrement(ref _running);
    }
}
