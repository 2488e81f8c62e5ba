namespace StreamUsage.Export;

/// <summary>Specifies the additional values of a <see cref="FocusReport"/>.</summary>
public sealed record FocusOptions
{
    /// <summary>Gets the billed account: <c>BillingAccountId</c>.</summary>
    public string BillingAccountId { get; init; } = "default";

    /// <summary>Gets the billed account's name; null for none.</summary>
    public string? BillingAccountName { get; init; }

    /// <summary>Gets the issuer of the invoice; null (the default) for the provider.</summary>
    public string? InvoiceIssuerName { get; init; }

    /// <summary>Gets the function that names a response's sub-account (project, team, tenant); null for none.</summary>
    public Func<UsageRecord, string?>? SubAccountId { get; init; }

    /// <summary>Gets the names of the <see cref="UsageContext.Tags"/> to show in <c>Tags</c>; empty by default. Each
    /// combination of values is a row, so choose names with few values.</summary>
    public IReadOnlyList<string> TagNames { get; init; } = [];
}
