namespace Gateway;

/// <summary>Passes records to the budgets and to the page.</summary>
internal sealed class LedgerSink(Budgets budgets, LiveFeed feed) : IUsageSink
{
    public ValueTask RecordAsync(UsageRecord record, CancellationToken cancellationToken)
    {
        // The answer of a background request has a further record when it ends.
        if (record is { Status: not UsageStatus.Pending, Context: { ApiKeyId: { } keyId, RequestId: { } requestId } })
        {
            budgets.Settle(keyId, requestId, record.StartedAt, record.Cost?.Total);
        }

        feed.Add(record);
        return default;
    }
}
