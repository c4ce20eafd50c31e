//! The function that checks points: it is called for each.

use std::collections::BTreeMap;

use super::{Expression, Function, Statement, is_name, mentions, visit_statement};

/// Replaces variables of a function that are set once and used once, in the same block, by what they hold.
pub(in super::super) fn inline_names(function: &mut Function) {
    let mut assigned = vec![];
    assigned_names(&function.body, &mut assigned);
    for statement in &mut function.body {
        let Statement::Block(statements) = statement else { continue };
        let mut at = 0;
        while at < statements.len() {
            let inlined = match &statements[at] {
                Statement::Let { name, value: Some(value) } if !assigned.contains(name) => {
                    let (name, value) = (name.clone(), value.clone());
                    // What it is made of stays the same as long as nothing of it is assigned.
                    let lasting = assigned.iter().all(|assigned| mentions(&value, assigned) == 0);
                    let mut uses = 0;
                    let mut rest = statements[at + 1..].to_vec();
                    for statement in &mut rest {
                        visit_statement(statement, &mut |expression| {
                            if is_name(expression, &name) {
                                uses += 1;
                                *expression = value.clone();
                            }
                        });
                    }
                    (lasting && uses == 1).then_some(rest)
                }
                _ => None,
            };
            match inlined {
                Some(rest) => {
                    statements.truncate(at);
                    statements.extend(rest);
                }
                None => at += 1,
            }
        }
    }
}

fn assigned_names(statements: &[Statement], names: &mut Vec<String>) {
    for statement in statements {
        match statement {
            Statement::Assign { name, .. } => names.push(name.clone()),
            Statement::Block(inner) | Statement::If { then: inner, .. } => assigned_names(inner, names),
            _ => {}
        }
    }
}

/// Gives long numbers that a function has more than once a name.
pub(in super::super) fn name_constants(function: &mut Function) {
    let mut statement = Statement::Block(std::mem::take(&mut function.body));
    let mut counts: BTreeMap<Vec<u8>, usize> = BTreeMap::new();
    visit_statement(&mut statement, &mut |expression| {
        if let Expression::Number(bytes) = expression
            && bytes.len() > LONG
        {
            *counts.entry(bytes.clone()).or_default() += 1;
        }
    });
    let repeated = counts.into_iter().filter(|(_, count)| *count > 1).map(|(bytes, _)| bytes);
    let named: Vec<(Vec<u8>, String)> =
        repeated.enumerate().map(|(i, bytes)| (bytes, format!("{}_constant_{i}", function.name))).collect();
    visit_statement(&mut statement, &mut |expression| {
        if let Some((_, name)) = named.iter().find(|(bytes, _)| *expression == Expression::Number(bytes.clone())) {
            *expression = Expression::Name(name.clone());
        }
    });
    let declared =
        named.into_iter().map(|(bytes, name)| Statement::Let { name, value: Some(Expression::Number(bytes)) });
    function.body = declared.chain([statement]).collect();
}

/// Bytes that a number must have to get a name.
const LONG: usize = 8;
