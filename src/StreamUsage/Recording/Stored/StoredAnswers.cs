using System.Collections.Concurrent;
using StreamUsage.Accounting;
using StreamUsage.Delivery;
using StreamUsage.Diagnostics;

namespace StreamUsage.Recording.Stored;

/// <summary>Decides which response bills a background answer: the first one that shows its end. Thread-safe; never
/// throws. User code runs on the thread pool, with a time limit.</summary>
internal sealed class StoredAnswers(IPendingAnswers? shared, TimeSpan timeout, UsageReporter reporter, TimeProvider time)
{
    // No provider's id is as long, and a hostile one must not be kept.
    private const int MaxIdLength = 512;

    private readonly PendingAnswersInMemory _own = new(time); // Also holds what the shared store did not add.

    // Ids that the shared store failed to add in time. It may hold them all the same. So this process bills them from
    // _own alone.
    private readonly PendingAnswersInMemory _late = new(time);
    private readonly SinkCaller _caller = new(timeout, time);
    private readonly SemaphoreSlim _calls = new(SinkCaller.MaxAbandonedCalls); // Limits the threads that a store can block.
    private readonly ConcurrentDictionary<string, Task> _adding = new(StringComparer.Ordinal);

    /// <summary>Remembers a background answer that was accepted.</summary>
    public Task RememberAsync(string? responseId, UsageContext context)
    {
        if (string.IsNullOrEmpty(responseId) || responseId.Length > MaxIdLength)
        {
            return Task.CompletedTask;
        }

        UsageContext kept = context with { RequestBody = default };
        if (shared is null)
        {
            return _own.AddAsync(responseId, kept, CancellationToken.None).AsTask();
        }

        Task adding = AddAsync(shared, responseId, kept);
        if (!adding.IsCompleted)
        {
            _adding[responseId] = adding;
            _ = adding.ContinueWith(
                (done, id) => _adding.TryRemove(new KeyValuePair<string, Task>((string)id!, done)), responseId, TaskScheduler.Default);
        }

        return adding;
    }

    /// <summary>Returns the context of the request that created an answer, if this response is the one that bills it;
    /// else null. A response that does not show the answer's end claims nothing, so that a later one bills
    /// it.</summary>
    public async ValueTask<UsageContext?> TryClaimAsync(TrackedBody body)
    {
        if (!ShowsEnd(body) || body.StoredAnswerId is not { Length: > 0 and <= MaxIdLength } id)
        {
            return null;
        }

        if (_adding.TryGetValue(id, out Task? adding))
        {
            await adding.ConfigureAwait(false);
        }

        UsageContext? own = await _own.TryClaimAsync(id, CancellationToken.None).ConfigureAwait(false);
        if (shared is null)
        {
            return own;
        }

        if (own is not null)
        {
            // Not awaited. If the store has it after all, no other process may bill it.
            _ = CallAsync(token => shared.TryClaimAsync(id, token));
        }

        return own is not null || _late.Contains(id)
            ? own : await CallAsync(token => shared.TryClaimAsync(id, token)).ConfigureAwait(false);
    }

    // An error with a response id is the answer's own. One without an id is a gateway's: the answer may still end well.
    private static bool ShowsEnd(TrackedBody body)
    {
        ref readonly UsageAccumulator state = ref body.Events.State;
        return body.Verdict.Outcome == StreamOutcome.Completed
            || (body.Verdict.Outcome == StreamOutcome.ProviderError && body.HttpStatusCode is null or < 400
                && !string.IsNullOrEmpty(state.ResponseId));
    }

    private async Task AddAsync(IPendingAnswers pending, string responseId, UsageContext context)
    {
        bool isAdded = await CallAsync(async token =>
        {
            await pending.AddAsync(responseId, context, token).ConfigureAwait(false);
            return true;
        }).ConfigureAwait(false);
        if (!isAdded)
        {
            await _late.AddAsync(responseId, UsageContext.Empty, CancellationToken.None).ConfigureAwait(false);
            await _own.AddAsync(responseId, context, CancellationToken.None).ConfigureAwait(false);
        }
    }

    // A user's store may block. On the dispatcher's thread, it would hold up all records.
    private async Task<T?> CallAsync<T>(Func<CancellationToken, ValueTask<T?>> call)
    {
        T? result = default;
        await _calls.WaitAsync().ConfigureAwait(false);
        Exception? fault = await _caller
            .CallAsync(async (_, token) => result = await call(token).ConfigureAwait(false), this, activity: null).ConfigureAwait(false);
        _calls.Release();
        if (fault is null)
        {
            return result;
        }

        reporter.PendingAnswersFailed(fault);
        return default; // An abandoned call may still set the result.
    }
}
