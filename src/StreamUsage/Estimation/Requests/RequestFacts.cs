using StreamUsage.Estimation.Families;

namespace StreamUsage.Estimation.Requests;

/// <summary>Represents the counts that determine the tokens of a request.</summary>
internal sealed record RequestFacts
{
    /// <summary>Gets or sets the number of tokens of all text, by the family's encoding.</summary>
    public double Text { get; set; }

    public double Digits { get; set; }

    public int Messages { get; set; }

    public bool HasSystem { get; set; }

    public int ToolExchanges { get; set; }

    public int ToolArguments { get; set; }

    public int Tools { get; set; }

    public bool IsToolForced { get; set; }

    public bool HasSchema { get; set; }

    public bool IsThinking { get; set; }

    /// <summary>Gets or sets the number of tokens of images, documents and recordings.</summary>
    public double Media { get; set; }

    /// <summary>Gets or sets the fault at which reading the JSON ended; null if all was read.</summary>
    public System.Text.Json.JsonException? Fault { get; set; }

    /// <summary>Returns the tokens by a family's rule.</summary>
    public double Tokens(TokenRule rule) =>
        (Text * rule.PerToken) + (Digits * rule.PerDigit) + Media
        + rule.Request + (Messages * rule.Message) + (ToolExchanges * rule.ToolExchange) + (ToolArguments * rule.ToolArgument)
        + (Tools == 0 ? 0 : rule.Tools + (Tools * rule.Tool) + (HasSystem ? rule.ToolsInSystem : 0) + (IsToolForced ? rule.ForcedTool : 0))
        + (HasSchema ? rule.Schema : 0) + (IsThinking ? rule.Thinking : 0);
}
