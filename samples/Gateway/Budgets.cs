namespace Gateway;

/// <summary>What each key has spent today, and what its open requests may cost at most. In memory, for one
/// gateway.</summary>
internal sealed class Budgets(TimeProvider time)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, decimal> _spent = [];
    private readonly Dictionary<string, (string KeyId, decimal Amount)> _reserved = [];
    private DateTimeOffset _today = Day(time.GetUtcNow());

    /// <summary>Takes over what was spent today before this process began.</summary>
    public async Task LoadAsync(SqliteUsageStore store)
    {
        foreach (UsageSum sum in await store.SumAsync(new UsageQuery { From = _today, GroupBy = UsageGrouping.ApiKey }))
        {
            _spent[sum.ApiKeyId ?? ""] = sum.Cost;
        }
    }

    /// <summary>Reserves the most that a request may cost.</summary>
    /// <returns>Zero if it fits; else the time to wait: short if only open requests are in the way, else until
    /// tomorrow.</returns>
    public TimeSpan Reserve(ApiKey key, string requestId, decimal amount)
    {
        lock (_gate)
        {
            (decimal spent, decimal reserved) = Read(key.Id);
            if (spent + amount > key.DailyBudget || spent >= key.DailyBudget)
            {
                return _today.AddDays(1) - time.GetUtcNow();
            }

            if (spent + reserved + amount > key.DailyBudget)
            {
                return TimeSpan.FromSeconds(5);
            }

            // A request that may cost nothing, such as the fetch of a stored answer, may have no record either.
            if (amount > 0)
            {
                _reserved[requestId] = (key.Id, amount);
            }

            return TimeSpan.Zero;
        }
    }

    /// <summary>Replaces a reservation by a cost, or charges the reservation if the cost is unknown.</summary>
    public void Settle(string keyId, string requestId, DateTimeOffset startedAt, decimal? cost)
    {
        lock (_gate)
        {
            decimal spent = Read(keyId).Spent;
            _reserved.Remove(requestId, out (string KeyId, decimal Amount) reserved);
            _spent[keyId] = startedAt < _today ? spent : spent + (cost ?? reserved.Amount);
        }
    }

    public object Describe(ApiKey key)
    {
        lock (_gate)
        {
            (decimal spent, decimal reserved) = Read(key.Id);
            return new { ApiKeyId = key.Id, key.UserId, Limit = key.DailyBudget, spent, reserved, ResetsAt = _today.AddDays(1) };
        }
    }

    private static DateTimeOffset Day(DateTimeOffset now) => new(now.UtcDateTime.Date, TimeSpan.Zero);

    private (decimal Spent, decimal Reserved) Read(string keyId)
    {
        if (Day(time.GetUtcNow()) is var today && today != _today)
        {
            _today = today;
            _spent.Clear();
            _reserved.Clear();
        }

        return (_spent.GetValueOrDefault(keyId), _reserved.Values.Where(one => one.KeyId == keyId).Sum(static one => one.Amount));
    }
}
