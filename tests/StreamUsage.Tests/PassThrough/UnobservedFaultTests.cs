using System.Runtime.CompilerServices;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.PassThrough;

/// <summary>A read that nobody waits for any more may fail: the process is not told of an unobserved
/// exception.</summary>
public sealed class UnobservedFaultTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_read_that_fails_after_its_wait_was_cancelled_is_observed()
    {
        var fault = new IOException("connection reset");
        bool isReported = false;
        TaskScheduler.UnobservedTaskException += Note;
        try
        {
            await AbandonAsync(fault);
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
        finally
        {
            TaskScheduler.UnobservedTaskException -= Note;
        }

        isReported.Should().BeFalse();

        void Note(object? sender, UnobservedTaskExceptionEventArgs unobserved) =>
            isReported |= unobserved.Exception.InnerExceptions.Contains(fault);
    }

    // The body is read whole, so that nothing is left to drain, and the read for its end is abandoned.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static async Task AbandonAsync(Exception fault)
    {
        var end = new TaskCompletionSource<int>();
        Stream tracked = Track.Stream(
            new WaitingStream(end.Task), out _, out _, new StreamUsageOptions { DrainAbortedStreams = new DrainLimits() });
        await tracked.ReadExactlyAsync(new byte[Answers.ClaudeBytes.Length], Cancellation);
        using var cancelled = new CancellationTokenSource();
        Task<int> read = tracked.ReadAsync(new byte[10], cancelled.Token).AsTask();
        await cancelled.CancelAsync();
        await read.Invoking(r => r).Should().ThrowAsync<OperationCanceledException>();

        end.SetException(fault);
        await tracked.DisposeAsync();
    }

    private sealed class WaitingStream(Task<int> end) : MemoryStream(Answers.ClaudeBytes, writable: false)
    {
        private bool _isRead;

        public override bool CanSeek => false;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (_isRead)
            {
                return new ValueTask<int>(end);
            }

            _isRead = true;
            return base.ReadAsync(buffer, cancellationToken);
        }
    }
}
