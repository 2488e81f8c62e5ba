using System.IO.Pipelines;
using System.Runtime.ExceptionServices;
using System.Threading.Tasks.Sources;

namespace StreamUsage.PassThrough;

/// <summary>Represents a pending pipe read. The inner pipe runs the continuation of the first awaiter, so its scheduler
/// and synchronization context apply. Unlike the pipe's own read, it may be awaited twice; further awaiters resume on
/// the thread pool.</summary>
internal sealed class PipeRead(TrackedPipeReader reader, ValueTask<ReadResult> read, CancellationToken cancellationToken)
    : IValueTaskSource<ReadResult>
{
    private readonly object _gate = new();
    private List<(Action<object?> Continuation, object? State)>? _others;
    private ReadResult _result;
    private ExceptionDispatchInfo? _fault;
    private bool _isAwaited, _hasEnded;

    public ValueTaskSourceStatus GetStatus(short token)
    {
        lock (_gate)
        {
            bool isPending = !_hasEnded && !read.IsCompleted;
            bool hasSucceeded = _hasEnded ? _fault is null : read.IsCompletedSuccessfully;
            bool isCanceled = _hasEnded ? _fault?.SourceException is OperationCanceledException : read.IsCanceled;
            return isPending ? ValueTaskSourceStatus.Pending
                : hasSucceeded ? ValueTaskSourceStatus.Succeeded
                : isCanceled ? ValueTaskSourceStatus.Canceled
                : ValueTaskSourceStatus.Faulted;
        }
    }

    public ReadResult GetResult(short token)
    {
        lock (_gate)
        {
            End();
        }

        _fault?.Throw();
        return _result;
    }

    public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags)
    {
        bool hasEnded;
        lock (_gate)
        {
            hasEnded = _hasEnded;
            if (!hasEnded && _isAwaited)
            {
                (_others ??= []).Add((continuation, state));
                return;
            }

            _isAwaited = true;
        }

        if (hasEnded)
        {
            ThreadPool.UnsafeQueueUserWorkItem(continuation, state, preferLocal: false);
            return;
        }

        var awaiter = read.ConfigureAwait(flags.HasFlag(ValueTaskSourceOnCompletedFlags.UseSchedulingContext)).GetAwaiter();
        if (flags.HasFlag(ValueTaskSourceOnCompletedFlags.FlowExecutionContext))
        {
            awaiter.OnCompleted(() => Continue(continuation, state));
        }
        else
        {
            awaiter.UnsafeOnCompleted(() => Continue(continuation, state));
        }
    }

    private void Continue(Action<object?> continuation, object? state)
    {
        List<(Action<object?> Continuation, object? State)>? others;
        lock (_gate)
        {
            End();
            (others, _others) = (_others, null);
        }

        foreach ((Action<object?> other, object? otherState) in others ?? [])
        {
            ThreadPool.UnsafeQueueUserWorkItem(other, otherState, preferLocal: false);
        }

        continuation(state);
    }

    private void End()
    {
        if (_hasEnded)
        {
            return;
        }

        try
        {
            _result = read.GetAwaiter().GetResult();
            _hasEnded = true;
            reader.EndRead(_result);
        }
        catch (Exception fault)
        {
            _fault = ExceptionDispatchInfo.Capture(fault);
            if (!_hasEnded)
            {
                _hasEnded = true;
                reader.EndRead(fault, cancellationToken);
            }
        }
    }
}
