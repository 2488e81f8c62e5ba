using System.Net;
using StreamUsage.Recording;

namespace StreamUsage.PassThrough;

/// <summary>Represents the destination of a content's own copy, with draining on. If the real destination fails or the
/// caller cancels, the caller's copy ends at once. The content's copy then waits: draining continues it without a
/// destination, else it is aborted.</summary>
/// <param name="destination">The caller's destination.</param>
/// <param name="body">The tracked body.</param>
/// <param name="offset">The body offset at which the copy begins.</param>
/// <param name="callerToken">The caller's token.</param>
internal sealed class DetachableCopy(Stream destination, TrackedBody body, long offset, CancellationToken callerToken) : Stream, IDrainable
{
    private readonly object _gate = new();
    private readonly CancellationTokenSource _abort = new();
    private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<bool> _goesOn = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task _copying = Task.CompletedTask;
    private long _offset = offset, _limit = long.MaxValue;
    private bool _isWriting, _isReleased, _isTerminal;

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public bool IsReading => _isReleased && !_copying.IsCompleted;

    public bool HasDestinationFailed { get; private set; }

    /// <summary>Begins the copy. A synchronous exception of the content is thrown here.</summary>
    public void Begin(HttpContent content, TransportContext? context) => _copying = content.CopyToAsync(this, context, _abort.Token);

    /// <summary>Completes with the copy, or before it if the caller is released.</summary>
    public async Task WaitAsync()
    {
        CancellationTokenRegistration registration = callerToken.UnsafeRegister(static copy => ((DetachableCopy)copy!).Release(null), this);
        await using (registration.ConfigureAwait(false))
        {
            await (await Task.WhenAny(_copying, _released.Task).ConfigureAwait(false)).ConfigureAwait(false);
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

            _isReleased = true;
        }

        // Releases a caller whose content was disposed during the copy.
        LetGo(new ObjectDisposedException(nameof(HttpContent)));
        return true;
    }

    public async ValueTask<long?> DrainAsync(long maxBytes, CancellationToken cancellationToken)
    {
        _limit = _offset + maxBytes;
        _goesOn.TrySetResult(true);
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
        _goesOn.TrySetResult(false);
        _abort.Cancel();
        _ = _copying.ContinueWith(
            static copying => copying.Exception, // Observed.
            CancellationToken.None,
            TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default);
    }

    public ValueTask CloseAsync() => ValueTask.CompletedTask;

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    // A synchronous write cannot wait, so a destination that fails ends the copy.
    public override void Write(ReadOnlySpan<byte> buffer)
    {
        if (!TryBeginWrite())
        {
            Absorb(buffer);
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
            await GoOnAsync().ConfigureAwait(false);
            Absorb(buffer.Span);
            return;
        }

        Receive(buffer.Span);
        try
        {
            await destination.WriteAsync(buffer, callerToken).ConfigureAwait(false);
        }
        catch (Exception fault)
        {
            HasDestinationFailed = true;
            Release(fault);
        }
        finally
        {
            EndWrite();
        }

        if (_isReleased)
        {
            await GoOnAsync().ConfigureAwait(false);
        }
    }

    public override void Flush() => destination.Flush();

    public override Task FlushAsync(CancellationToken cancellationToken) =>
        _isReleased ? Task.CompletedTask : destination.FlushAsync(callerToken);

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    // A null fault is the caller's cancellation. It waits for a running write: no byte may reach the destination after
    // it.
    private void Release(Exception? fault)
    {
        lock (_gate)
        {
            if (_isReleased || (_isWriting && fault is null))
            {
                return;
            }

            _isReleased = true;
        }

        LetGo(fault);
    }

    private void LetGo(Exception? fault)
    {
        _ = fault is null ? _released.TrySetCanceled(callerToken) : _released.TrySetException(fault);
        _ = _released.Task.Exception; // Observed even if nobody waits.
    }

    private bool TryBeginWrite()
    {
        lock (_gate)
        {
            return _isWriting = !_isReleased;
        }
    }

    private void EndWrite()
    {
        lock (_gate)
        {
            _isWriting = false;
        }

        if (callerToken.IsCancellationRequested)
        {
            Release(null);
        }
    }

    private async ValueTask GoOnAsync()
    {
        if (!await _goesOn.Task.ConfigureAwait(false))
        {
            throw new OperationCanceledException();
        }
    }

    private void Absorb(ReadOnlySpan<byte> bytes)
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
