namespace StreamUsage.Export;

/// <summary>Represents the key of a row in a FOCUS report.</summary>
internal readonly record struct FocusKey
{
    public DateTimeOffset Hour { get; init; }

    public string? ApiKeyId { get; init; }

    public string? SubAccountId { get; init; }

    public string Entry { get; init; }

    public string Bucket { get; init; }

    public string Unit { get; init; }

    public decimal ListUnitPrice { get; init; }

    public decimal Multiplier { get; init; }

    public string Currency { get; init; }

    public string RateClass { get; init; }

    public string? Region { get; init; }

    public bool IsEstimated { get; init; }

    public string? PriceTableVersion { get; init; }

    public string Tags { get; init; }
}

/// <summary>Represents a row of a FOCUS report: an hour of an API key, a model and a bucket at one price.</summary>
internal sealed class FocusRow(FocusKey key)
{
    private long _lastResponse;

    public FocusKey Key { get; } = key;

    public decimal Quantity { get; private set; }

    /// <summary>Gets the number of responses with a line in this row.</summary>
    public long Responses { get; private set; }

    /// <summary>Gets the cost before the multiplier.</summary>
    public decimal ListCost => Quantity * Key.ListUnitPrice;

    public decimal ContractedUnitPrice => Key.ListUnitPrice * Key.Multiplier;

    /// <summary>Gets the cost after the multiplier.</summary>
    public decimal ContractedCost => Quantity * ContractedUnitPrice;

    public string Provider => Key.Entry.Split('/', 2)[0];

    /// <summary>Gets the start of the billing period: the first of the month, in UTC.</summary>
    public DateTimeOffset PeriodStart => new(Key.Hour.Year, Key.Hour.Month, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Adds a line of a response. Several lines of one response, such as its iterations, count as one
    /// response.</summary>
    public void Add(decimal quantity, long response)
    {
        Quantity += quantity;
        Responses += response == _lastResponse ? 0 : 1;
        _lastResponse = response;
    }
}
