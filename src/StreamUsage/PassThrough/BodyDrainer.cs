using StreamUsage.Recording;

namespace StreamUsage.PassThrough;

/// <summary>
/// Reads bodies on in the background after their readers have left, within limits, so that the provider's own final
/// usage is recorded.
/// </summary>
internal sealed class BodyDrainer(DrainLimits limits, TimeProvider time) : IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private int _running;

    /// <summary>
    /// The reader of a body has left. Returns true if the body is now drained: its end, and its record, are then this
    /// drainer's.
    /// </summary>
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

    /// <summary>Ends what is under way: each body's record is made of what was read.</summary>
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
            // Nobody reads any more: what was read until the body broke or a limit passed counts, and the record says
            // that it was not read to its end.
        }

        body.EndDrain(end);
        try
        {
            await rest.CloseAsync().ConfigureAwait(false);
        }
        catch (Exception)
        {
            // The body is let go either way.
        }

        Interlocked.Decrement(ref _running);
    }
}
