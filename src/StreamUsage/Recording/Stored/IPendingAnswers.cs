namespace StreamUsage.Recording.Stored;

/// <summary>Stores background answers that were accepted and are not billed yet.</summary>
internal interface IPendingAnswers
{
    /// <summary>Adds an answer.</summary>
    ValueTask AddAsync(string responseId, UsageContext context, CancellationToken cancellationToken);

    /// <summary>Removes an answer, and returns the context of the request that created it. Of several calls at once,
    /// one gets it; the others, and calls for an unknown answer, get null.</summary>
    ValueTask<UsageContext?> TryClaimAsync(string responseId, CancellationToken cancellationToken);
}
