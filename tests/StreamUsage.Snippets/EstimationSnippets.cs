using StreamUsage.Estimation;
using StreamUsage.Estimation.Families;

namespace StreamUsage.Snippets;

internal static class EstimationSnippets
{
    public static void Family()
    {
        #region family
        var house = new ModelFamily
        {
            Name = "house",
            Models = ["house-llm"],
            Encoding = TokenEncoding.Cl100kBase,
            Rule = new TokenRule { PerToken = 1.05, Answer = 1 },
        };
        var options = new StreamUsageOptions { Estimator = new ModelTokenEstimator([house]) };
        #endregion
    }
}
