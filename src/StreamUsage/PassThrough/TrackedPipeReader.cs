using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;

namespace StreamUsage.PassThrough;

/// <summary>
/// The pipe reader that takes a body's own one's place. A pipe shows the same bytes until they are consumed; each is read once, when it is first seen. Where draining is on, the caller's token ends
/// the caller's wait and not the upstream read, as in <see cref="DetachableStream"/>: the next read takes it up, or the drainer does.
/// </summary>
internal sealed class TrackedPipeReader(PipeReader inner, AbandonmentGuard lease, bool leaveOpen) : PipeReader, IDrainable
{
    private ReadOnlySequence<byte> _buffer;
    private long _consumed;
    private Task<ReadResult>? _pending; // A read whose caller may have left it.
    private CancellationTokenSource? _abort;
    private bool _isShown, _isDetached, _isOpened;

    public override bool TryRead(out ReadResult result)
    {
        ObjectDisposedException.ThrowIf(_isDetached, this);
        bool hasRead;
        try
        {
            hasRead = _pending is null ? inner.TryRead(out result) : TryTakePending(out result);
        }
        catch (Exception fault)
        {
            lease.Fail(fault, CancellationToken.None);
            throw;
        }

        if (hasRead)
        {
            Receive(result);
        }

        return hasRead;
    }

    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default) => ReceiveAsync(0, cancellationToken);

    protected override ValueTask<ReadResult> ReadAtLeastAsyncCore(int minimumSize, CancellationToken cancellationToken) => ReceiveAsync(minimumSize, cancellationToken);

    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        if (_isDetached)
        {
            return;
        }

        _consumed += _isShown ? _buffer.Slice(0, consumed).Length : 0;
        Forget();
        inner.AdvanceTo(consumed, examined);
    }

    public override void CancelPendingRead() => inner.CancelPendingRead();

    public override void Complete(Exception? exception = null)
    {
        if (!lease.Leave() && !leaveOpen)
        {
            if (_pending is null)
            {
                inner.Complete(exception);
            }
            else
            {
                _ = CompleteAfterPendingAsync(exception);
            }
        }

        Forget();
    }

    public override ValueTask CompleteAsync(Exception? exception = null)
    {
        ValueTask completion = lease.Leave() || leaveOpen ? ValueTask.CompletedTask
            : _pending is null ? inner.CompleteAsync(exception)
            : new ValueTask(CompleteAfterPendingAsync(exception));
        Forget();
        return completion;
    }

    // What the reader was shown and did not consume is shown again.
    bool IDrainable.TryDetach(Func<bool> beginDrain)
    {
        if (!beginDrain())
        {
            return false;
        }

        _isDetached = true;
        if (_isShown)
        {
            inner.AdvanceTo(_buffer.Start);
        }

        return true;
    }

    async ValueTask<(DetachableStream Stream, long Offset)> IDrainable.OpenRestAsync(CancellationToken cancellationToken)
    {
        if (_pending is { } pending)
        {
            ReadResult result = await pending.WaitAsync(cancellationToken).ConfigureAwait(false);
            _pending = null;
            inner.AdvanceTo(result.Buffer.Start);
        }

        _isOpened = true;
        return (new DetachableStream(inner.AsStream(), lease.Body), _consumed);
    }

    ValueTask IDrainable.CloseAsync()
    {
        if (!_isOpened)
        {
            _ = CompleteAfterPendingAsync(null);
        }

        return ValueTask.CompletedTask;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<ReadResult> ReceiveAsync(int minimumSize, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_isDetached, this);
        ReadResult result;
        try
        {
            // A pipe that has broken already throws at once.
            ValueTask<ReadResult> read = lease.Rest is not null ? ReadDetachablyAsync(minimumSize, cancellationToken)
                : minimumSize == 0 ? inner.ReadAsync(cancellationToken)
                : inner.ReadAtLeastAsync(minimumSize, cancellationToken);
            result = await read.ConfigureAwait(false);
        }
        catch (Exception fault)
        {
            lease.Fail(fault, cancellationToken);
            throw;
        }

        Receive(result);
        return result;
    }

    // So many bytes are waited for here: who takes up a read that was left may want fewer.
    private async ValueTask<ReadResult> ReadDetachablyAsync(int minimumSize, CancellationToken cancellationToken)
    {
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            _abort ??= new CancellationTokenSource();
            Task<ReadResult> pending = _pending ??= inner.ReadAsync(_abort.Token).AsTask();
            ReadResult result;
            try
            {
                result = await pending.WaitAsync(cancellationToken).ConfigureAwait(false);
            }
            catch when (pending.IsFaulted || pending.IsCanceled)
            {
                _pending = null;
                throw;
            }

            _pending = null;
            if (result.Buffer.Length >= minimumSize || result.IsCompleted || result.IsCanceled)
            {
                return result;
            }

            inner.AdvanceTo(result.Buffer.Start, result.Buffer.End);
        }
    }

    private bool TryTakePending(out ReadResult result)
    {
        Task<ReadResult> pending = _pending!;
        if (!pending.IsCompleted)
        {
            result = default;
            return false;
        }

        _pending = null;
        result = pending.GetAwaiter().GetResult();
        return true;
    }

    // A pipe that is completed gives its buffers back: a read that may still write into them ends first.
    private async Task CompleteAfterPendingAsync(Exception? exception)
    {
        if (_pending is { } pending)
        {
            await _abort!.CancelAsync().ConfigureAwait(false);
            await ((Task)pending).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        await inner.CompleteAsync(exception).ConfigureAwait(false);
    }

    private void Forget()
    {
        _buffer = default;
        _isShown = false;
    }

    private void Receive(in ReadResult result)
    {
        _buffer = result.Buffer;
        _isShown = true;
        long offset = _consumed;
        bool isCounted = false;
        foreach (ReadOnlyMemory<byte> piece in result.Buffer)
        {
            isCounted |= lease.Body.Receive(offset, piece.Span, isNewRead: !isCounted);
            offset += piece.Length;
        }

        if (result.IsCompleted && !result.IsCanceled)
        {
            lease.ReachEnd();
        }
    }
}
