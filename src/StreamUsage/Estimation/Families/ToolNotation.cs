namespace StreamUsage.Estimation.Families;

/// <summary>Specifies how tool definitions and calls are written for a model, as inferred from its provider's
/// counts.</summary>
internal enum ToolNotation
{
    /// <summary>Definitions and calls as JSON.</summary>
    Json,

    /// <summary>Definitions as a TypeScript namespace, calls as JSON: OpenAI's models.</summary>
    TypeScript,

    /// <summary>Definitions as JSON, calls as a tag for each call and each argument: Claude.</summary>
    Tags,
}
