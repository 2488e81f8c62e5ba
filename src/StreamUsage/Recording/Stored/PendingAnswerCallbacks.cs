namespace StreamUsage.Recording.Stored;

/// <summary>Calls the user's functions for pending answers that several processes share.</summary>
internal sealed class PendingAnswerCallbacks(
    Func<string, UsageContext, CancellationToken, ValueTask> add, Func<string, CancellationToken, ValueTask<UsageContext?>> tryClaim)
    : IPendingAnswers
{
    public ValueTask AddAsync(string responseId, UsageContext context, CancellationToken cancellationToken) =>
        add(responseId, context, cancellationToken);

    public ValueTask<UsageContext?> TryClaimAsync(string responseId, CancellationToken cancellationToken) =>
        tryClaim(responseId, cancellationToken);
}
