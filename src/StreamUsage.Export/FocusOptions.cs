namespace StreamUsage.Export;

/// <summary>Specifies what a <see cref="FocusReport"/> says beside the figures.</summary>
public sealed record FocusOptions
{
    /// <summary>Gets the account that is billed: <c>BillingAccountId</c>.</summary>
    public string BillingAccountId { get; init; } = "default";

    /// <summary>Gets its name; null for none.</summary>
    public string? BillingAccountName { get; init; }

    /// <summary>Gets who issues the invoice; null, the default, for the provider itself.</summary>
    public string? InvoiceIssuerName { get; init; }

    /// <summary>Gets what names the sub-account of a response: a project, a team, a tenant. Null for none.</summary>
    public Func<UsageRecord, string?>? SubAccountId { get; init; }

    /// <summary>
    /// Gets the names of <see cref="UsageContext.Tags"/> to show in <c>Tags</c>. Rows are kept apart by their values,
    /// so choose names with few of them. Empty unless set.
    /// </summary>
    public IReadOnlyList<string> TagNames { get; init; } = [];
}
