using StreamUsage.Recording;

namespace StreamUsage.PassThrough;

/// <summary>Reads bodies to their ends in the background after their readers have left, within limits, to get the final
/// usage.</summary>
internal sealed class BodyDrainer(DrainLimits limits, TimeProvider time) : IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private int _running;

    /// <summary>Begins to drain a body. If it returns true, the drainer reads and closes the body, and the record waits
    /// for it.</summary>
    public bool TryTake(TrackedBody body, IDrainable drainable)
    {
        if (_stop.IsCancellationRequested)
        {
            return false;
        }

        if (Interlocked.Increment(ref _running) > limits.MaxConcurrent || !drainable.TryDetach(body.TryBeginDrain))
        {
            Interlocked.Decrement(ref _running);
            return false;
        }

        ThreadPool.UnsafeQueueUserWorkItem(
            static state => _ = state.Drainer.DrainAsync(state.Body, state.Drainable),
            (Drainer: this, Body: body, Drainable: drainable),
            preferLocal: false);
        return true;
    }

    /// <summary>Cancels all draining, without waiting. The records are built from what was read.</summary>
    public void Dispose() => _stop.Cancel();

    private async Task DrainAsync(TrackedBody body, IDrainable drainable)
    {
        long? end = null;
        try
        {
            using var timeout = new CancellationTokenSource(limits.MaxTime, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, _stop.Token);
            end = await drainable.DrainAsync(limits.MaxBytes, either.Token).ConfigureAwait(false);
        }
        catch (Exception)
        {
            // No reader is left to inform: the record covers what was read, and is not marked as drained.
        }

        body.EndDrain(end);

        // Before the close, which for a pipe waits for a read that may ignore its token.
        Interlocked.Decrement(ref _running);
        try
        {
            await drainable.CloseAsync().ConfigureAwait(false);
        }
        catch (Exception)
        {
            // The body is released either way.
        }
    }
}
