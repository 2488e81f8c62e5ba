using System.Net;
using StreamUsage.Recording;

namespace StreamUsage.PassThrough;

/// <summary>Represents the destination of a content's own copy, with draining on.</summary>
/// <remarks>If the real destination fails or the caller cancels, the caller's wait ends at once. The content's copy
/// then waits in its next write for the decision about draining. A drained copy continues without a destination;
/// otherwise it is aborted.</remarks>
/// <param name="destination">The caller's destination.</param>
/// <param name="body">The tracked body.</param>
/// <param name="offset">The body offset at which the copy begins.</param>
/// <param name="callerToken">The caller's token.</param>
internal sealed class DetachableCopy(Stream destination, TrackedBody body, long offset, CancellationToken callerToken) : Stream, IDrainable
{
    private readonly object _gate = new();
    private readonly CancellationTokenSource _abort = new();
    private readonly TaskCompletionSource _callerRelease = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<bool> _drainDecision = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task _copying = Task.CompletedTask;
    private long _offset = offset, _limit = long.MaxValue;
    private bool _isWriting, _isCallerReleased;
    private bool _isTerminal; // Draining has read the last event of the format.

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public bool IsReading => _isCallerReleased && !_copying.IsCompleted;

    public bool HasDestinationFailed { get; private set; }

    /// <summary>Begins the copy. A synchronous exception of the content is thrown here.</summary>
    public void Begin(HttpContent content, TransportContext? context) => _copying = content.CopyToAsync(this, context, _abort.Token);

    /// <summary>Waits for the copy, or until the caller is released: with the destination's failure, with the
    /// cancellation, or because the content was disposed.</summary>
    public async Task WaitAsync()
    {
        CancellationTokenRegistration registration = callerToken.UnsafeRegister(
            static copy => ((DetachableCopy)copy!).ReleaseCaller(null), this);
        await using (registration.ConfigureAwait(false))
        {
            Task first = await Task.WhenAny(_copying, _callerRelease.Task).ConfigureAwait(false);
            if (first != _copying)
            {
                AbandonedTask.Observe(_copying);
            }

            await first.ConfigureAwait(false);
        }
    }

    public bool TryDetach(Func<bool> beginDrain)
    {
        lock (_gate)
        {
            if (_copying.IsCompleted || _isWriting || !beginDrain())
            {
                return false;
            }

            _isCallerReleased = true;
        }

        EndWait(new ObjectDisposedException(nameof(HttpContent))); // For a caller whose content was disposed during the copy.
        return true;
    }

    public async ValueTask<long?> DrainAsync(long maxBytes, CancellationToken cancellationToken)
    {
        _limit = _offset + maxBytes;
        _drainDecision.TrySetResult(true);
        CancellationTokenRegistration registration = cancellationToken.UnsafeRegister(
            static abort => ((CancellationTokenSource)abort!).Cancel(), _abort);
        await using (registration.ConfigureAwait(false))
        {
            await _copying.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        return _isTerminal || _copying.IsCompletedSuccessfully ? _offset : null;
    }

    public void Abort()
    {
        _drainDecision.TrySetResult(false);
        _abort.Cancel();
    }

    public ValueTask CloseAsync() => ValueTask.CompletedTask;

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    // A synchronous call cannot wait for the decision, so a destination that fails in one ends the copy.
    public override void Write(ReadOnlySpan<byte> buffer)
    {
        if (!TryBeginWrite())
        {
            ReceiveWithoutDestination(buffer);
            return;
        }

        Receive(buffer);
        try
        {
            destination.Write(buffer);
        }
        catch
        {
            HasDestinationFailed = true;
            throw;
        }
        finally
        {
            EndWrite();
        }
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (!TryBeginWrite())
        {
            await WaitForDrainDecisionAsync().ConfigureAwait(false);
            ReceiveWithoutDestination(buffer.Span);
            return;
        }

        Receive(buffer.Span);
        Exception? failure = null;
        try
        {
            await destination.WriteAsync(buffer, callerToken).ConfigureAwait(false);
        }
        catch (Exception fault)
        {
            failure = fault;
        }

        EndWrite(failure);
        if (_isCallerReleased)
        {
            await WaitForDrainDecisionAsync().ConfigureAwait(false);
        }
    }

    public override void Flush()
    {
        if (!TryBeginWrite())
        {
            return;
        }

        try
        {
            destination.Flush();
        }
        catch
        {
            HasDestinationFailed = true;
            throw;
        }
        finally
        {
            EndWrite();
        }
    }

    public override async Task FlushAsync(CancellationToken cancellationToken)
    {
        if (!TryBeginWrite())
        {
            return;
        }

        Exception? failure = null;
        try
        {
            await destination.FlushAsync(callerToken).ConfigureAwait(false);
        }
        catch (Exception fault)
        {
            failure = fault;
        }

        EndWrite(failure);
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    // Ends the caller's wait, with the caller's cancellation if the fault is null. During a write, EndWrite releases a
    // canceled caller instead: no byte may reach the destination after the caller was released.
    private void ReleaseCaller(Exception? fault)
    {
        lock (_gate)
        {
            if (_isCallerReleased || (_isWriting && fault is null))
            {
                return;
            }

            _isCallerReleased = true;
        }

        EndWait(fault);
    }

    private void EndWait(Exception? fault)
    {
        _ = fault is null ? _callerRelease.TrySetCanceled(callerToken) : _callerRelease.TrySetException(fault);
        _ = _callerRelease.Task.Exception; // Observed even if nobody waits.
    }

    private bool TryBeginWrite()
    {
        lock (_gate)
        {
            return _isWriting = !_isCallerReleased;
        }
    }

    // The write ends before the caller is released: a caller that then disposes the content finds no write that would
    // prevent draining.
    private void EndWrite(Exception? failure = null)
    {
        lock (_gate)
        {
            _isWriting = false;
        }

        if (failure is not null)
        {
            HasDestinationFailed = true;
            ReleaseCaller(failure);
        }
        else if (callerToken.IsCancellationRequested)
        {
            ReleaseCaller(null);
        }
    }

    private async ValueTask WaitForDrainDecisionAsync()
    {
        if (!await _drainDecision.Task.ConfigureAwait(false))
        {
            throw new OperationCanceledException();
        }
    }

    private void ReceiveWithoutDestination(ReadOnlySpan<byte> bytes)
    {
        Receive(bytes);
        _isTerminal = body.IsTerminal;
        if (_isTerminal || _offset >= _limit)
        {
            throw new OperationCanceledException();
        }
    }

    private void Receive(ReadOnlySpan<byte> bytes)
    {
        body.Receive(_offset, bytes);
        _offset += bytes.Length;
    }
}
