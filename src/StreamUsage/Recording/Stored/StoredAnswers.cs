using System.Collections.Concurrent;
using StreamUsage.Accounting;
using StreamUsage.Diagnostics;

namespace StreamUsage.Recording.Stored;

/// <summary>Decides which response bills a background answer: the first one that shows its end. Thread-safe; never
/// throws, and user code has a time limit.</summary>
internal sealed class StoredAnswers(IPendingAnswers? shared, TimeSpan timeout, UsageReporter reporter, TimeProvider time)
{
    // No provider's id is as long, and a hostile one must not be kept.
    private const int MaxIdLength = 512;

    private readonly PendingAnswersInMemory _own = new(time); // Also holds what the shared memory did not take.

    // Answers that the shared memory did not take in time. It may have taken them later, so this process does not bill
    // them by it.
    private readonly PendingAnswersInMemory _late = new(time);
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
            _ = CallAsync(token => shared.TryClaimAsync(id, token)); // Or another process might bill it too.
        }

        return own is not null || _late.Contains(id)
            ? own : await CallAsync(token => shared.TryClaimAsync(id, token)).ConfigureAwait(false);
    }

    // A failed answer has an id. A gateway's error has none, and the answer may still come.
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

    private async Task<T?> CallAsync<T>(Func<CancellationToken, ValueTask<T?>> call)
    {
        using var limit = new CancellationTokenSource(timeout, time);
        try
        {
            return await call(limit.Token).AsTask().WaitAsync(timeout, time).ConfigureAwait(false);
        }
        catch (Exception fault)
        {
            reporter.PendingAnswersFailed(fault);
            return default;
        }
    }
}
